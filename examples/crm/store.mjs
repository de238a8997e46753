// The CRM's records, in memory: enough for an API that reads and writes.
const CUSTOMERS = ['customer-001', 'customer-002', 'customer-003', 'customer-004', 'customer-005'];
const KEPT_ORDERS = 500;

export function createStore(pageSize) {
  const orders = [];
  let lastId = 0;

  return {
    customers: () => ({ items: CUSTOMERS.slice(0, pageSize).map((id) => ({ id, email: `${id}@example.com` })) }),
    orders: () => ({ items: orders.slice(-pageSize).reverse(), total: lastId }),
    addOrder(order) {
      lastId += 1;
      const stored = {
        id: lastId,
        customer: String(order.customer ?? CUSTOMERS[0]),
        amount: Number(order.amount ?? 0),
      };
      orders.push(stored);
      if (orders.length > KEPT_ORDERS) orders.shift();
      return stored;
    },
  };
}
