// eric-sse/backend-testing: the cases that every backend must pass. It has nothing of the core.

export { type BackendCase, type BackendUnderTest, backendCases } from '../backend/testing/cases.js';
