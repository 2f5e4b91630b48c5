import { fromJSON } from '@grpc/proto-loader';
import { descriptor } from './gen/descriptor.ts';
import type { AgentsDefinition } from './gen/shunt/v1/Agents.ts';
import type { OperatorsDefinition } from './gen/shunt/v1/Operators.ts';
import { loadOptions } from './load-options.ts';

// The descriptor is made from the same files as the types, with the same options: what it loads is what they say.
const loaded: unknown = fromJSON(descriptor as Parameters<typeof fromJSON>[0], loadOptions);

const services = loaded as {
  readonly 'shunt.v1.Agents': AgentsDefinition;
  readonly 'shunt.v1.Operators': OperatorsDefinition;
};

export const agentsDefinition = services['shunt.v1.Agents'];
export const operatorsDefinition = services['shunt.v1.Operators'];
