// Original file: proto/shunt/v1/agents.proto


export interface Passed {
}

export interface Passed__Output {
}
