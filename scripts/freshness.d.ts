export const STAMP: string;
export function newestSource(): number;
export function sourcesDigest(except: readonly string[]): string;
export function isFresh(): boolean;
