// Original file: proto/shunt/v1/agents.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AgentMessage as _shunt_v1_AgentMessage, AgentMessage__Output as _shunt_v1_AgentMessage__Output } from '../../shunt/v1/AgentMessage.ts';
import type { CoordinatorMessage as _shunt_v1_CoordinatorMessage, CoordinatorMessage__Output as _shunt_v1_CoordinatorMessage__Output } from '../../shunt/v1/CoordinatorMessage.ts';

export interface AgentsClient extends grpc.Client {
  Session(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_shunt_v1_AgentMessage, _shunt_v1_CoordinatorMessage__Output>;
  Session(options?: grpc.CallOptions): grpc.ClientDuplexStream<_shunt_v1_AgentMessage, _shunt_v1_CoordinatorMessage__Output>;
  session(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_shunt_v1_AgentMessage, _shunt_v1_CoordinatorMessage__Output>;
  session(options?: grpc.CallOptions): grpc.ClientDuplexStream<_shunt_v1_AgentMessage, _shunt_v1_CoordinatorMessage__Output>;
  
}

export interface AgentsHandlers extends grpc.UntypedServiceImplementation {
  Session: grpc.handleBidiStreamingCall<_shunt_v1_AgentMessage__Output, _shunt_v1_CoordinatorMessage>;
  
}

export interface AgentsDefinition extends grpc.ServiceDefinition {
  Session: MethodDefinition<_shunt_v1_AgentMessage, _shunt_v1_CoordinatorMessage, _shunt_v1_AgentMessage__Output, _shunt_v1_CoordinatorMessage__Output>
}
