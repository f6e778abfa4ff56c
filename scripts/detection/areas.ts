import areas from './areas.json' with { type: 'json' };

/** Mutated files and folders (with a trailing `/`) by area. */
export const AREAS: Readonly<Record<string, readonly string[]>> = areas;

/** Files that are not mutated: code that no run reaches, and code that only writes messages. */
const LEFT_OUT =
  /\.test\.ts$|\/(explain[\w-]*|actions|condition-keys|access-denied-message|label|log|metrics|options|types|index|main|kept-session)\.ts$|components\/(agent|webhook)\/cli(\.ts|\/)|webhook\/api-server\/access/;

export function areaOf(file: string): string | undefined {
  if (LEFT_OUT.test(file)) return undefined;
  const within = (path: string): boolean => (path.endsWith('/') ? file.startsWith(path) : file === path);
  return Object.entries(AREAS).find(([, paths]) => paths.some(within))?.[0];
}

/** Mutators that are not used. Mutated regular expressions are mostly equivalent to the originals. */
export const MUTATORS_LEFT_OUT = ['Regex'];
