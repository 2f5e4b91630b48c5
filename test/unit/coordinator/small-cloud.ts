import { joinInventory } from '../../../domain/inventory/join-inventory.ts';
import type { JoinedInventory } from '../../../domain/inventory/joined-inventory.ts';
import type { NetworkFacts, PortFacts } from '../../../domain/network-model.ts';
import type { AgentView } from '../../../domain/run/world.ts';

const networkId = '11111111-2222-3333-4444-555555555555';
const network: NetworkFacts = {
  id: networkId,
  name: 'blue',
  class: 'flat',
  physnet: 'p',
  mtu: 1500,
  subnets: [{ cidr: '10.7.0.0/24' }],
  servicePorts: [],
};

/** Two connected hypervisors with a guest each on a flat network. */
export function smallCloud(): { readonly inventory: JoinedInventory; readonly agents: ReadonlyMap<string, AgentView> } {
  const systemIds = ['hv1', 'hv2'];
  const bridge = `brq${networkId.slice(0, 11)}`;
  const inventory = joinInventory({
    networks: [network],
    ports: systemIds.map((_, n) => portOf(n)),
    hosts: systemIds.map((systemId, n) => ({
      systemId,
      hostname: systemId,
      connected: true,
      mode: 'active',
      inventory: {
        taps: [
          {
            tap: `tap${portOf(n).id.slice(0, 11)}`,
            ifindex: 9,
            hostMac: `fe:16:3e:00:00:0${n}`,
            mtu: 1500,
            linkUp: true,
            plug: { kind: 'legacy', bridge },
          },
        ],
        bridges: [{ bridge, mtu: 1500, uplink: 'leg', provider: { bridge: 'br-ex', port: 'leg-ex' }, members: [] }],
        findings: [],
        chassisReady: true,
        ovsVersion: '3',
        datapathType: 'system',
      },
    })),
  });
  const agents = systemIds.map((systemId, n): [string, AgentView] => [
    systemId,
    {
      systemId,
      hostname: systemId,
      connected: true,
      connection: n + 1,
      sinceMs: 0,
      mode: 'active',
      version: '1',
      highestEpoch: 0,
    },
  ]);
  return { inventory, agents: new Map(agents) };
}

function portOf(n: number): PortFacts {
  return {
    id: `aaaaaaa${n}-0000-4000-8000-000000000000`,
    name: '',
    networkId,
    mac: `fa:16:3e:00:00:0${n}`,
    ips: [`10.7.0.${n + 10}`],
    up: false,
    enabled: true,
    type: '',
  };
}
