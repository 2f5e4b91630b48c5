import { describe, expect, it } from 'vitest';
import { runChild } from '../../../platform/child.ts';

describe('runChild', () => {
  it('gives back what the program wrote, and feeds it', async () => {
    expect(await runChild(['cat'], { input: 'hé' })).toEqual({ stdout: 'hé', stderr: '', exitCode: 0 });
  });

  it('never lets a shell see the arguments', async () => {
    expect((await runChild(['echo', '$(id); *'])).stdout).toBe('$(id); *\n');
  });

  it('fails with the exit status and the end of stderr', async () => {
    const failing = runChild(['sh', '-c', 'echo no such tap >&2; exit 3']);
    await expect(failing).rejects.toMatchObject({
      code: 'child-failed',
      message: expect.stringContaining('exit status 3: no such tap'),
      detail: { exitCode: 3 },
    });
    expect((await runChild(['sh', '-c', 'exit 3'], { okExitCodes: [0, 3] })).exitCode).toBe(3);
  });

  it('fails for a program that is not there', async () => {
    await expect(runChild(['/no/such/program'])).rejects.toMatchObject({ code: 'child-failed' });
  });

  it('ends a program that takes too long, one that ignores SIGTERM too', async () => {
    await expect(runChild(['sleep', '1000'], { timeoutMs: 50 })).rejects.toMatchObject({ code: 'timed-out' });
    const stubborn = runChild(['sh', '-c', 'trap "" TERM; while :; do sleep 1; done'], { timeoutMs: 50 });
    await expect(stubborn).rejects.toMatchObject({ code: 'timed-out' });
  });

  it('ends a program when the signal aborts, and starts none after it', async () => {
    const controller = new AbortController();
    const running = runChild(['sleep', '1000'], { signal: controller.signal });
    controller.abort(new Error('shutting down'));
    await expect(running).rejects.toMatchObject({ code: 'cancelled', cause: { message: 'shutting down' } });
    await expect(runChild(['true'], { signal: controller.signal })).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('ends a program that writes without end', async () => {
    const endless = runChild(['yes'], { outputMaxBytes: 10_000 });
    await expect(endless).rejects.toMatchObject({ code: 'child-failed', message: expect.stringContaining('more') });
  });
});
