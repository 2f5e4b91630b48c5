import type { FindingKind, HoldReason } from './findings.ts';

/** Where an operator reads on: a file that each package brings, and each repository shows. */
export const failureModesPage = 'docs/failure-modes.md';

/** The section of each hold; a new kind does not compile before it has one, and a test looks whether it is there. */
export const holdDocs = {
  'opted-out': '#hold-opted-out',
  'agent-not-connected': '#hold-agent-not-connected',
  'agent-passive': '#hold-agent-passive',
  'chassis-missing': '#hold-chassis-missing',
  'no-taps': '#hold-no-taps',
  'finding': '#hold-finding',
  'service-port': '#hold-service-port',
  'overlay-needs-staging': '#hold-overlay-needs-staging',
  'already-on-target': '#hold-already-on-target',
  'open-attempt': '#hold-open-attempt',
  'stuck': '#hold-stuck',
  'fleet-stuck': '#hold-fleet-stuck',
  'wave-full': '#hold-wave-full',
  'zone-full': '#hold-zone-full',
  'run-paused': '#hold-run-paused',
  'earlier-wave': '#hold-earlier-wave',
  'not-approved': '#hold-not-approved',
  'reports-down': '#hold-reports-down',
  'no-peer': '#hold-no-peer',
  'not-included': '#hold-not-included',
  'nb-down': '#hold-nb-down',
  'inventory-missing': '#hold-inventory-missing',
  'wave-not-started': '#hold-wave-not-started',
  'needs-retry': '#hold-needs-retry',
  'resolving': '#hold-resolving',
  'plan-outdated': '#hold-plan-outdated',
  'at-goal': '#hold-at-goal',
  'method-refused': '#hold-method-refused',
  'tap-elsewhere': '#hold-tap-elsewhere',
  'overlay-incomplete': '#hold-overlay-incomplete',
  'overlay-barrier': '#hold-overlay-barrier',
  'ledger-behind': '#hold-ledger-behind',
  'wave-together': '#hold-wave-together',
} as const satisfies { readonly [K in HoldReason['kind']]: `#hold-${K}` };

/** The section of each finding. */
export const findingDocs = {
  'tap-without-port': '#finding-tap-without-port',
  'port-without-tap': '#finding-port-without-tap',
  'port-on-two-hypervisors': '#finding-port-on-two-hypervisors',
  'mac-mismatch': '#finding-mac-mismatch',
  'network-mismatch': '#finding-network-mismatch',
  'requested-chassis-elsewhere': '#finding-requested-chassis-elsewhere',
  'mtu-mismatch': '#finding-mtu-mismatch',
  'no-uplink': '#finding-no-uplink',
  'no-provider-leg': '#finding-no-provider-leg',
  'link-down': '#finding-link-down',
  'no-answer': '#finding-no-answer',
  'foreign-iface-id': '#finding-foreign-iface-id',
  'service-port': '#finding-service-port',
  'own-address': '#finding-own-address',
  'probe-address-taken': '#finding-probe-address-taken',
  'chassis-missing': '#finding-chassis-missing',
  'tap-replugged': '#finding-tap-replugged',
  'tap-gone': '#finding-tap-gone',
  'journal-torn': '#finding-journal-torn',
  'dead-man-gone': '#finding-dead-man-gone',
  'attempt-unresolved': '#finding-attempt-unresolved',
  'reports-dropped': '#finding-reports-dropped',
  'address-unknown': '#finding-address-unknown',
  'tap-elsewhere': '#finding-tap-elsewhere',
  'shunt-refused': '#finding-shunt-refused',
  'shunt-half-made': '#finding-shunt-half-made',
  'overlay-barrier': '#finding-overlay-barrier',
  'guard-gave-up': '#finding-guard-gave-up',
  'foreign-writer': '#finding-foreign-writer',
  'legacy-agent-awake': '#finding-legacy-agent-awake',
  'connections-left': '#finding-connections-left',
  'conntrack-full': '#finding-conntrack-full',
} as const satisfies { readonly [K in FindingKind]: `#finding-${K}` };

/** Where to read on about a condition that is not met; undefined for one that is no hold. */
export function docsOfCondition(kind: string): string | undefined {
  return Object.hasOwn(holdDocs, kind) ? `${failureModesPage}${holdDocs[kind as keyof typeof holdDocs]}` : undefined; // checked on this line
}
