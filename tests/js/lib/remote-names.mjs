// The names of the tests, which are the same wherever the suite runs.

import * as eric from 'eric-sse';
import suite from '../suite/index.mjs';
import { NOTHING_UNCAUGHT } from './run.mjs';

export const NAMES = [...suite(eric).map(({ name }) => name), NOTHING_UNCAUGHT];
