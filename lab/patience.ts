/**
 * How many times longer than usual the lab waits before it gives up: an emulated processor (`lab vm` without KVM) is that much
 * slower. Limits only; nothing takes longer by it.
 */
export const patience = process.env['SHUNT_LAB_VM'] === 'tcg' ? 15 : 1;
