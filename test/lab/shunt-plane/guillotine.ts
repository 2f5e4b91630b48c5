import type { ExecutorDependencies } from '../../../agent/cutover/execution.ts';

/** What changes anything, by who offers it. */
const changing = {
  netlink: ['apply', 'applyAll'],
  ovs: ['transact'],
  plane: ['gate', 'makeTables', 'close', 'askSwitch'],
} as const;

/** The hands of an agent that is killed: so many changes are made, the next one is not, and none after it. */
export class Guillotine {
  /** True once a change was asked for that was not made. */
  fell = false;
  #left: number;

  constructor(changes: number) {
    this.#left = changes;
  }

  over<T extends ExecutorDependencies>(deps: T): T {
    const { netlink, ovs, plane } = deps;
    return {
      ...deps,
      netlink: this.#guarded(netlink, changing.netlink),
      ovs: this.#guarded(ovs, changing.ovs),
      plane: this.#guarded(plane, changing.plane),
    };
  }

  #guarded<T extends object>(target: T, names: readonly string[]): T {
    return new Proxy(target, {
      get: (_, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (typeof name !== 'string' || !names.includes(name)) return value.bind(target);
        return (...given: unknown[]): unknown => {
          this.#left -= 1;
          this.fell ||= this.#left < 0;
          if (this.fell) throw new Killed();
          return Reflect.apply(value, target, given);
        };
      },
    });
  }
}

/** No failure that the agent's own code could know. */
export class Killed extends Error {}
