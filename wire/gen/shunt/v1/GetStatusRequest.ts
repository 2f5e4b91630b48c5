// Original file: proto/shunt/v1/operators.proto


export interface GetStatusRequest {
}

export interface GetStatusRequest__Output {
}
