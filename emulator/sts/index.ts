export { stsService } from './service.ts';
export { assumeRole } from './assume-role.ts';
export type { AssumeRoleInput, AssumedRole } from './assume-role.ts';
export { parseRoleArn } from './arns.ts';
