import { readdirSync, readFileSync } from 'node:fs';
import { Counter, Gauge, type Registry } from 'prom-client';

/**
 * What Prometheus clients tell of their process, by the names that dashboards know. All of it is read when it is asked for: the client's own
 * default metrics measure the event loop by a timer of 10 ms, which is a hundred wake-ups a second of a program that otherwise sleeps.
 */
export function addProcessMetrics(registry: Registry, prefix: string): void {
  const add = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name: `${prefix}${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
  };
  const count = (name: string, help: string, value: () => number): void => {
    new Counter({
      name: `${prefix}${name}`,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(value());
      },
    });
  };
  const startSeconds = Date.now() / 1000 - process.uptime();
  const cpu = (): NodeJS.CpuUsage => process.cpuUsage();
  const heap = (): NodeJS.MemoryUsage => process.memoryUsage();
  count('process_cpu_user_seconds_total', 'User CPU time spent.', () => cpu().user / 1e6);
  count('process_cpu_system_seconds_total', 'System CPU time spent.', () => cpu().system / 1e6);
  count('process_cpu_seconds_total', 'User and system CPU time spent.', () => (cpu().user + cpu().system) / 1e6);
  add('process_start_time_seconds', 'Start of the process, since the epoch.', () => startSeconds);
  add('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss());
  add('process_virtual_memory_bytes', 'Virtual memory.', virtualBytes);
  add('process_open_fds', 'Open file descriptors.', () => readdirSync('/proc/self/fd').length - 1); // one is our look
  add('process_max_fds', 'Most file descriptors that may be open.', maxDescriptors);
  add('nodejs_heap_size_total_bytes', "Size of V8's heap.", () => heap().heapTotal);
  add('nodejs_heap_size_used_bytes', "Used part of V8's heap.", () => heap().heapUsed);
  add('nodejs_external_memory_bytes', 'Memory of objects outside the heap.', () => heap().external);
  addLag(registry, prefix);
  addVersion(registry, prefix);
}

/** How long a turn of the event loop takes at the moment of the scrape; told at the next one. */
function addLag(registry: Registry, prefix: string): void {
  let lagSeconds = 0;
  new Gauge({
    name: `${prefix}nodejs_eventloop_lag_seconds`,
    help: 'How late the event loop was at the scrape before.',
    registers: [registry],
    collect() {
      const askedAtMs = performance.now();
      setImmediate(() => {
        lagSeconds = (performance.now() - askedAtMs) / 1000;
      });
      this.set(lagSeconds);
    },
  });
}

function addVersion(registry: Registry, prefix: string): void {
  const [major = '', minor = '', patch = ''] = process.versions.node.split('.');
  new Gauge({
    name: `${prefix}nodejs_version_info`,
    help: 'Version of Node.js.',
    labelNames: ['version', 'major', 'minor', 'patch'],
    registers: [registry],
  }).set({ version: process.version, major, minor, patch }, 1);
}

function virtualBytes(): number {
  const [, kibibytes] = /^VmSize:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return kibibytes === undefined ? Number.NaN : Number(kibibytes) * 1024;
}

function maxDescriptors(): number {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return soft === undefined ? Number.NaN : Number(soft);
}
