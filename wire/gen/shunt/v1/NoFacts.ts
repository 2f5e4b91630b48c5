// Original file: proto/shunt/v1/operators.proto


export interface NoFacts {
}

export interface NoFacts__Output {
}
