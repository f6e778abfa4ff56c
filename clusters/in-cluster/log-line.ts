import { redactor } from '../../foundation/redact.ts';

/**
 * The most telling line of a log's end: the last that tells of an error, else the last. Of a JSON line its message and
 * error are taken, of a klog line what follows the header; what looks like a token or key is left out.
 */
export function tellingLine(log: string): string | undefined {
  const lines = log
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^goroutine \d+|^exit status \d+$/.test(line));
  const line = lines.findLast(isError) ?? lines.at(-1);
  return line === undefined ? undefined : withoutSecrets(textOf(line));
}

const isError = (line: string): boolean =>
  /"level":"(error|fatal|panic)"/.test(line) || /^[EF]\d{4} /.test(line) || /^(error|fatal|panic)\b/i.test(line);

function textOf(line: string): string {
  if (!line.startsWith('{')) return line.replace(/^[IWEF]\d{4} [\d:.]+ +\d+ [^\]]+\] /, '');
  try {
    const { msg, error } = JSON.parse(line) as { msg?: unknown; error?: unknown };
    const parts = [msg, error].filter((part) => typeof part === 'string' && part !== '');
    return parts.length === 0 ? line : parts.join(': ');
  } catch {
    return line;
  }
}

/** The text without what looks like a token or a key. */
export const withoutSecrets: (text: string) => string = redactor().text;
