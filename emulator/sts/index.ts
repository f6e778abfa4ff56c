export { stsService } from './service.ts';
export { assumeRole } from './assume-role.ts';
