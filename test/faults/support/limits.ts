/** Of every user of these tests: so low that users reach them all the time. */
export const DAILY_REQUESTS = 25;
export const WEEKLY_BUDGET_USD = 0.0003;
