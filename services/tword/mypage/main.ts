import { MypageServiceService } from "#gen/proto/tword/mypage/v1/mypage.ts";
import { implement } from "#mesh/service/handler.ts";
import { serve } from "#mesh/service/serve.ts";
import { policies } from "./policies.ts";
import { rpc } from "./rpc.ts";
import { MypageStore } from "./store.ts";

const store = new MypageStore();

await serve({
  name: "mypage.tword",
  services: [implement(MypageServiceService, rpc({ store }))],
  readModel: store.rows,
  policies: policies(store),
});
