import type { Check } from './check.ts';

/** Returns all checks in Markdown, for a page that has a title. */
export const checksPage = (sections: readonly (readonly [title: string, checks: readonly Check[]])[]): string =>
  [
    'An error breaks an identity now. A warning may give a pod a wrong identity, or break it later. An info is worth knowing. Errors of associations and service accounts are warnings while no pod uses them.',
    ...sections.flatMap(([title, checks]) => [`## ${title}`, ...checks.map(checkSection)]),
  ].join('\n\n');

/** Returns a check's record in Markdown, as `doctor <id>` prints it. */
export const checkSection = (check: Check): string =>
  [
    `### ${check.id} ${check.title}`,
    `- Severity: ${check.severity}`,
    `- Rights: ${check.rights.map((right) => `\`${right}\``).join(', ')}`,
    `- Observation: ${check.observation}`,
    `- Cause: ${check.cause}`,
    `- Effect: ${check.effect}`,
    `- Fix: ${check.fix}`,
    `- Source: ${check.source}`,
  ].join('\n');
