import { openSync, writeSync } from 'node:fs';
import { badFlagValue, unreadable } from '../../foundation/node/errors.ts';
import type { CallRecord } from '../../emulator/index.ts';

/** `isOpen`: whether calls are written, after those that create a world. */
export interface CallLog {
  isOpen: boolean;
  calls: number;
}

/** Returns a function that appends calls to a file. Throws `HarnessError` if it cannot be written. */
export async function callWriter(
  file: string | undefined,
  log: CallLog,
): Promise<((call: CallRecord) => void) | undefined> {
  if (file === undefined) return undefined;
  const { recordedCall } = await import('../../harness/standalone/calls.ts');
  let descriptor: number;
  try {
    descriptor = openSync(file, 'a');
  } catch (error) {
    throw badFlagValue(`--log cannot write ${file} (${unreadable(error)}). Give a file in an existing folder.`);
  }
  return (call) => {
    // Synchronous, so that the record of a call is complete before a killed process ends.
    if (log.isOpen) writeSync(descriptor, `${JSON.stringify(recordedCall(call, (log.calls += 1)))}\n`);
  };
}
