import { describe } from '@jest/globals';
import { cloudEnvironment } from './environment.ts';
import { startCloud, type Cloud } from './server.ts';

const environment = await cloudEnvironment();
if ('missing' in environment)
  process.stderr.write(`skipped: the test cloud is not started, because ${environment.missing}\n`);

/** `describe`, or its skipping twin where this machine cannot have a test cloud. */
export const withCloud = 'missing' in environment ? describe.skip : describe;

/** The emulator as it is published and with our overlay, side by side. */
export interface Pair {
  readonly stock: Cloud;
  readonly patched: Cloud;
  stop(): Promise<void>;
}

/** Starts both; to be called only within `withCloud`. */
export async function startPair(name: string, { auth = false } = {}): Promise<Pair> {
  if ('missing' in environment) throw new Error(environment.missing);
  const { python } = environment;
  const stock = await startCloud({ python, name: `${name}-stock`, stock: true, auth });
  try {
    const patched = await startCloud({ python, name: `${name}-patched`, auth });
    const stop = async () => {
      await Promise.all([stock.stop(), patched.stop()]);
    };
    return { stock, patched, stop };
  } catch (thrown) {
    await stock.stop();
    throw thrown;
  }
}
