/** Writes docs/doctor-checks.md from the checks of doctor (`npm run doctor:checks`). */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { CHECKS } from '../doctor/checks/index.ts';
import { checksPage } from '../doctor/checks/page.ts';

export const PAGE = fileURLToPath(new URL('../docs/doctor-checks.md', import.meta.url));

export const doctorChecksPage = (): Promise<string> =>
  format(checksPage(CHECKS), { filepath: PAGE, printWidth: 120, proseWrap: 'preserve' });

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, await doctorChecksPage());
