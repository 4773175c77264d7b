import { operationHandler } from '../runtime/handler.ts';
import { cleanup } from './operation.ts';

/** The Lambda entry: started by a schedule, the bus, SNS or by hand. */
export const handler = operationHandler(cleanup);
