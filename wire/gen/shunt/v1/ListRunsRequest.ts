// Original file: proto/shunt/v1/operators.proto


export interface ListRunsRequest {
}

export interface ListRunsRequest__Output {
}
