// Original file: proto/shunt/v1/operators.proto


export interface ListPlansRequest {
}

export interface ListPlansRequest__Output {
}
