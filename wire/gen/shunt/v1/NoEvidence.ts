// Original file: proto/shunt/v1/agents.proto


export interface NoEvidence {
}

export interface NoEvidence__Output {
}
