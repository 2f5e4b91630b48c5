import { Registry } from 'prom-client';
import { addProcessMetrics } from './process-metrics.ts';

/**
 * A registry of one program, with the process's own metrics (`${prefix}process_…`, `${prefix}nodejs_…`) in it. `labels` stand on every
 * series.
 */
export function createRegistry(prefix: string, labels?: Readonly<Record<string, string>>): Registry {
  const registry = new Registry();
  if (labels !== undefined) registry.setDefaultLabels({ ...labels });
  addProcessMetrics(registry, prefix);
  return registry;
}
