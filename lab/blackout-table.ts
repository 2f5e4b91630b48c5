/** What a guest lost: by the lab's sender (ground truth), and by the product's own instrument. */
export interface GuestBlackout {
  readonly name: string;
  readonly hypervisor: string;
  readonly network: string;
  readonly portId: string;
  readonly hz: number;
  readonly sent: number;
  readonly answered: number;
  /** It answered within the last second of the measurement. */
  readonly answersNow: boolean;
  readonly lost: number;
  /** Longest run of lost frames, milliseconds. */
  readonly blackoutMs: number;
  readonly product?: { readonly blackoutMs: number; readonly resolutionMs: number };
}

/** One line a guest, and a line with median and worst. */
export function blackoutTable(rows: readonly GuestBlackout[]): string {
  const heads = ['guest', 'host', 'network', 'probed', 'lost', 'blackout', 'by the agent'];
  const body = rows.map((row) => [
    row.name,
    row.hypervisor,
    row.network,
    `${row.sent} at ${row.hz} Hz`,
    String(row.lost),
    `${row.blackoutMs.toFixed(0)} ms`,
    row.product ? `${row.product.blackoutMs.toFixed(0)} ±${row.product.resolutionMs} ms` : '-',
  ]);
  const widths = heads.map((head, column) => Math.max(head.length, ...body.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(heads), ...body.map(line), '', `all ${rows.length} guests: ${summary(rows)}`].join('\n');
}

/** Median and worst of these guests, in words. */
export function summary(rows: readonly GuestBlackout[]): string {
  const values = rows.map((row) => row.blackoutMs).toSorted((a, b) => a - b);
  const median = values[Math.floor(values.length / 2)] ?? 0;
  const worst = values.at(-1) ?? 0;
  return `median ${median.toFixed(0)} ms, worst ${worst.toFixed(0)} ms`;
}
