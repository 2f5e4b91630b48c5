import type { RunView } from '../../domain/run-state.ts';
import { eventView } from '../../wire/event-view.ts';
import type { EventsRequest, EventView } from '../../wire/operators-api.ts';
import type { EventLedger } from '../ledger/ledger.ts';
import type { ChangeSignal } from '../scheduler/change-signal.ts';

/** Entries read from the ledger at once for one reader. */
const eventsChunk = 500;

/** Entries after `sinceSeq` in order, read as the reader takes them; with `follow` it waits for more until the signal. */
export async function* streamEvents(
  source: { readonly ledger: EventLedger; readonly changes: ChangeSignal },
  request: EventsRequest,
  signal: AbortSignal,
): AsyncGenerator<EventView> {
  let seq = request.sinceSeq;
  while (!signal.aborted) {
    const seen = source.changes.version;
    const entries = await source.ledger.read(seq + 1, eventsChunk);
    for (const entry of entries) {
      yield eventView(entry);
      seq = entry.seq;
    }
    if (entries.length === eventsChunk) continue;
    if (!request.follow) return;
    await source.changes.after(seen, signal);
  }
}

/** The view now and after each change of it; whoever reads slowly gets the newest. Ends when the run is over. */
export async function* watchRun(
  source: { readonly changes: ChangeSignal; readonly view: () => RunView },
  signal: AbortSignal,
): AsyncGenerator<RunView> {
  let shown = '';
  while (!signal.aborted) {
    const seen = source.changes.version;
    const view = source.view();
    const text = JSON.stringify(view);
    if (text !== shown) yield view;
    shown = text;
    if (view.state === 'done' || view.state === 'aborted') return;
    await source.changes.after(seen, signal);
  }
}
