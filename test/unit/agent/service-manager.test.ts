import { describe, expect, it } from 'vitest';
import { isMainWithoutNetwork, serviceOf } from '../../../agent/cutover/service-manager.ts';

describe('the service that we are', () => {
  it.each([
    ['version 2', '0::/system.slice/shunt-agent.service\n', 'shunt-agent.service'],
    ['version 1 beside it', '9:name=systemd:/system.slice/a.service\n4:memory:/x.service\n0::/\n', 'a.service'],
    ['a group of another controller only', '4:memory:/system.slice/x.service\n0::/\n', undefined],
    ['a session', '0::/user.slice/user-0.slice/session-3.scope\n', undefined],
    ['none', '0::/\n', undefined],
  ])('is read from control groups: %s', (_name, cgroups, service) => {
    expect(serviceOf(cgroups)).toBe(service);
  });

  it.each([
    ['its main process in the network of PID 1', 'MainPID=7\nPrivateNetwork=no\nNetworkNamespacePath=\n', true],
    ['another process of it', 'MainPID=8\nPrivateNetwork=no\nNetworkNamespacePath=\n', false],
    ['a private network', 'MainPID=7\nPrivateNetwork=yes\nNetworkNamespacePath=\n', false],
    ['a named network', 'MainPID=7\nPrivateNetwork=no\nNetworkNamespacePath=/run/netns/x\n', false],
    ['a systemd that does not know the property', 'MainPID=7\nPrivateNetwork=no\n', false],
  ])('shares the network with what systemd starts, or does not: %s', (_name, shown, shares) => {
    expect(isMainWithoutNetwork(shown, 7)).toBe(shares);
  });
});
