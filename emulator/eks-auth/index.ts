export { eksAuthService } from './service.ts';
