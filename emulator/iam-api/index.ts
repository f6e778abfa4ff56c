export { iamService } from './service.ts';
