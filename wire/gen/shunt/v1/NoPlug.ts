// Original file: proto/shunt/v1/agents.proto


export interface NoPlug {
}

export interface NoPlug__Output {
}
