import { Netlink } from '../../platform/native/netlink.ts';
import { ovsdbTlsFiles } from '../../platform/ovsdb-tls-config.ts';
import type { WayBackSettings } from '../journal/kept-settings.ts';
import { ShuntPlane } from '../shunt/shunt-plane.ts';
import { MidonetControl } from '../sources/midonet-control.ts';
import { BridgePort } from './bridge-port.ts';
import { type HostIdentity, OpenVSwitch } from './open-vswitch.ts';
import { OvnController } from './ovn-controller.ts';
import { ProviderPorts } from './provider-ports.ts';

/** Where Debian's ovn-controller lies when it does not share Open vSwitch's folder. */
const ovnRunDir = '/run/ovn';

/** What the agent touches of this hypervisor. */
export interface Host extends AsyncDisposable {
  readonly ovs: OpenVSwitch;
  readonly netlink: Netlink;
  readonly integration: BridgePort;
  readonly providers: ProviderPorts;
  readonly plane: ShuntPlane;
  readonly midonet: MidonetControl;
  readonly ovn: OvnController;
  readonly identity: HostIdentity;
}

/** Opens database, kernel and OpenFlow; nothing stays open when this fails. */
export async function openHost(config: WayBackSettings, signal: AbortSignal): Promise<Host> {
  await using stack = new AsyncDisposableStack();
  const netlink = stack.use(Netlink.open());
  const ovs = stack.use(
    new OpenVSwitch({
      endpoint: config.ovs.db,
      tls: ovsdbTlsFiles(config.ovs.tls),
      integrationBridge: config.ovs.integrationBridge,
    }),
  );
  const identity = await ovs.ready(signal);
  const integration = stack.use(new BridgePort(config.ovs.runDir, ovs.integrationBridge));
  const providers = stack.use(new ProviderPorts(config.ovs.runDir, ovs));
  const plane = stack.use(new ShuntPlane(config.ovs.runDir));
  const ovn = stack.use(new OvnController([config.ovs.runDir, ovnRunDir]));
  const kept = stack.move();
  const midonet = new MidonetControl(config.midonet);
  return {
    ovs,
    netlink,
    integration,
    providers,
    plane,
    midonet,
    ovn,
    identity,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
