import { resolve } from 'node:path';
import * as z from 'zod';
import type { AgentConfig } from '../config.ts';

/** Settings without which nobody gets at what was changed; the state directory is where this is read. */
export type WayBackSettings = Pick<AgentConfig, 'ovs' | 'midonet'>;

/** As an older or a newer program may have written them: what cannot be understood is as if it were not there, and never makes a journal unreadable. */
export const keptSettingsSchema = z
  .object({
    ovs: z.object({
      db: z.string(),
      tls: z.object({ ca: z.string(), cert: z.string(), key: z.string(), verifyName: z.boolean() }),
      runDir: z.string(),
      integrationBridge: z.string(),
    }),
    midonet: z.object({ mmCtl: z.string(), datapath: z.string() }),
  })
  .optional()
  .catch(undefined);

/** What is written into a journal's first line: names of files hold in whatever directory the way back is begun. */
export function keptSettings({ ovs, midonet }: WayBackSettings): WayBackSettings {
  const { ca, cert, key, verifyName } = ovs.tls;
  const tls = { ca: absolute(ca), cert: absolute(cert), key: absolute(key), verifyName };
  const mmCtl = midonet.mmCtl.includes('/') ? resolve(midonet.mmCtl) : midonet.mmCtl;
  return {
    ovs: { db: ovs.db, tls, runDir: resolve(ovs.runDir), integrationBridge: ovs.integrationBridge },
    midonet: { mmCtl, datapath: midonet.datapath },
  };
}

function absolute(file: string): string {
  return file === '' ? '' : resolve(file);
}
