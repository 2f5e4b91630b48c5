// Original file: proto/shunt/v1/operators.proto


export interface ListHostsRequest {
}

export interface ListHostsRequest__Output {
}
