import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Finds `kubectl` in the environment variable KUBECTL or in PATH. */
export function findKubectl(): string | undefined {
  const candidates = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'kubectl'));
  return [process.env['KUBECTL'], ...candidates].find((file) => {
    try {
      accessSync(file ?? '', constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
