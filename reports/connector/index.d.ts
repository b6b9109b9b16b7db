export interface Table {
  rows: Record<string, unknown>[];
  columnTypes: { name: string; evidenceType: "number" | "boolean" | "date" | "string"; typeFidelity: "precise" }[];
  expectedRowCount: number;
}
export function getRunner(options: { url: string }): (sql: string, file: string) => Promise<Table | null>;
export function testConnection(options: { url: string }): Promise<true | { reason: string }>;
export function tableOf(text: string): Table;
export function evidenceTypeOf(type: string): Table["columnTypes"][number]["evidenceType"];
