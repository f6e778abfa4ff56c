import type { TextRule } from '../../query/parameters.ts';

/** What IAM's parameters must look like (IAM API Reference, "Length constraints" and "Pattern" of each parameter). */
export const ROLE_NAME: TextRule = { min: 1, max: 64, pattern: /^[\w+=,.@-]+$/ };
export const POLICY_NAME: TextRule = { min: 1, max: 128, pattern: /^[\w+=,.@-]+$/ };
export const PATH: TextRule = { min: 1, max: 512, pattern: /^(\/)$|^(\/[\u0021-\u007e]+\/)$/ };
export const PATH_PREFIX: TextRule = { min: 1, max: 512, pattern: /^\/[\u0021-\u007e]*$/ };
export const ARN: TextRule = { min: 20, max: 2048 };
export const DESCRIPTION: TextRule = {
  max: 1000,
  pattern: /^[\u0009\u000a\u000d\u0020-\u007e\u00a1-\u00ff]*$/,
};
export const DOCUMENT: TextRule = { min: 1, max: 131_072, pattern: /^[\u0009\u000a\u000d\u0020-\u00ff]+$/ };

/** Seconds. */
export const SESSION_DURATION = { min: 3600, max: 43_200 };
export const DEFAULT_SESSION_DURATION = 3600;
