export { eksService } from './service.ts';
