import { readFileSync } from 'node:fs';
import { Failure } from './failure.ts';

/**
 * Reads a token. Called for each attempt, because the kubelet replaces the token (Kubernetes documentation, "Launch a Pod
 * using service account token projection"). Removes a final newline, which editors add; rejects others, since they would
 * start another header.
 */
export function readTokenFile(path: string): string {
  let token: string;
  try {
    token = readFileSync(path, 'utf8').replace(/\n$/, '');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new Failure('TokenFileError', `the token file ${path} cannot be read (${code})`);
  }
  return checkedToken(token, `the token file ${path}`);
}

/** @param place origin of the token, for messages */
export function checkedToken(token: string, place: string): string {
  if (token === '') throw new Failure('TokenFileError', `${place} is empty`);
  if (/[\r\n]/.test(token)) throw new Failure('TokenFileError', `${place} contains a line break`);
  return token;
}
