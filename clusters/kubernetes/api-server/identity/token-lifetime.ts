import { invalidValue, type FieldError } from '../model/errors.ts';

const MIN_SECONDS = 600;
const LIMIT_SECONDS = 2 ** 32;

/** Checks a token's lifetime in seconds (Kubernetes API Reference, TokenRequest and PodSpec). */
export function checkLifetime(seconds: unknown, field: string): FieldError[] {
  if (Number(seconds) < MIN_SECONDS)
    return [invalidValue(field, seconds, 'may not specify a duration less than 10 minutes')];
  if (Number(seconds) > LIMIT_SECONDS)
    return [invalidValue(field, seconds, 'may not specify a duration larger than 2^32 seconds')];
  return [];
}
