// Real places and where they are, compiled for the planner: names, kinds, coordinates in degrees (WGS 84, to about a hundred metres).
// No prices and no opening hours: those change.

/** What there is to do at a place. */
export type Kind = "history" | "nature" | "beach" | "view" | "market" | "museum" | "street" | "park";

export interface Position {
  readonly latitude: number;
  readonly longitude: number;
}

export interface Place extends Position {
  readonly ko: string;
  readonly en: string;
  readonly kind: Kind;
}

export interface City extends Position {
  readonly ko: string;
  readonly en: string;
  readonly places: readonly Place[];
}

type Row = readonly [ko: string, en: string, kind: Kind, latitude: number, longitude: number];

export const cities: readonly City[] = [
  city("서울", "Seoul", 37.567, 126.978, [
    ["경복궁", "Gyeongbokgung Palace", "history", 37.58, 126.977],
    ["창덕궁", "Changdeokgung Palace", "history", 37.579, 126.991],
    ["북촌한옥마을", "Bukchon Hanok Village", "street", 37.583, 126.984],
    ["인사동", "Insadong", "street", 37.574, 126.986],
    ["광장시장", "Gwangjang Market", "market", 37.57, 127.0],
    ["N서울타워", "N Seoul Tower", "view", 37.551, 126.988],
    ["국립중앙박물관", "National Museum of Korea", "museum", 37.524, 126.98],
    ["명동", "Myeongdong", "street", 37.564, 126.985],
    ["동대문디자인플라자", "Dongdaemun Design Plaza", "museum", 37.567, 127.009],
    ["북한산국립공원", "Bukhansan National Park", "nature", 37.659, 126.978],
    ["여의도한강공원", "Yeouido Hangang Park", "park", 37.528, 126.934],
    ["서울숲", "Seoul Forest", "park", 37.544, 127.037],
  ]),
  city("부산", "Busan", 35.18, 129.075, [
    ["해운대해수욕장", "Haeundae Beach", "beach", 35.159, 129.16],
    ["광안리해수욕장", "Gwangalli Beach", "beach", 35.153, 129.119],
    ["감천문화마을", "Gamcheon Culture Village", "street", 35.097, 129.011],
    ["자갈치시장", "Jagalchi Market", "market", 35.097, 129.031],
    ["해동용궁사", "Haedong Yonggungsa Temple", "history", 35.188, 129.223],
    ["태종대", "Taejongdae", "nature", 35.052, 129.087],
    ["국제시장", "Gukje Market", "market", 35.101, 129.029],
    ["용두산공원", "Yongdusan Park", "park", 35.101, 129.032],
    ["범어사", "Beomeosa Temple", "history", 35.284, 129.068],
    ["부산시립미술관", "Busan Museum of Art", "museum", 35.167, 129.137],
    ["영화의전당", "Busan Cinema Center", "museum", 35.171, 129.127],
    ["송도해수욕장", "Songdo Beach", "view", 35.075, 129.017],
  ]),
  city("제주", "Jeju", 33.499, 126.531, [
    ["한라산국립공원", "Hallasan National Park", "nature", 33.362, 126.529],
    ["성산일출봉", "Seongsan Ilchulbong", "view", 33.458, 126.942],
    ["만장굴", "Manjanggul Lava Tube", "nature", 33.528, 126.772],
    ["협재해수욕장", "Hyeopjae Beach", "beach", 33.394, 126.24],
    ["천지연폭포", "Cheonjiyeon Waterfall", "nature", 33.247, 126.554],
    ["동문시장", "Dongmun Market", "market", 33.512, 126.526],
    ["우도", "Udo Island", "nature", 33.504, 126.954],
    ["제주돌문화공원", "Jeju Stone Park", "park", 33.449, 126.659],
    ["함덕해수욕장", "Hamdeok Beach", "beach", 33.543, 126.669],
    ["국립제주박물관", "Jeju National Museum", "museum", 33.514, 126.549],
  ]),
  city("경주", "Gyeongju", 35.856, 129.225, [
    ["불국사", "Bulguksa Temple", "history", 35.79, 129.332],
    ["석굴암", "Seokguram Grotto", "history", 35.795, 129.349],
    ["첨성대", "Cheomseongdae Observatory", "history", 35.835, 129.219],
    ["동궁과 월지", "Donggung Palace and Wolji Pond", "view", 35.835, 129.227],
    ["대릉원", "Daereungwon Tombs", "history", 35.838, 129.211],
    ["국립경주박물관", "Gyeongju National Museum", "museum", 35.83, 129.228],
    ["황리단길", "Hwangnidan-gil", "street", 35.837, 129.21],
    ["보문호", "Bomunho Lake", "park", 35.843, 129.284],
    ["양동마을", "Yangdong Village", "street", 36.001, 129.254],
    ["성동시장", "Seongdong Market", "market", 35.845, 129.217],
  ]),
  city("강릉", "Gangneung", 37.752, 128.876, [
    ["경포해변", "Gyeongpo Beach", "beach", 37.806, 128.908],
    ["안목해변", "Anmok Beach", "beach", 37.771, 128.947],
    ["오죽헌", "Ojukheon House", "history", 37.779, 128.878],
    ["선교장", "Seongyojang House", "history", 37.786, 128.885],
    ["강릉중앙시장", "Gangneung Jungang Market", "market", 37.754, 128.899],
    ["경포호", "Gyeongpoho Lake", "park", 37.796, 128.897],
    ["정동진", "Jeongdongjin", "view", 37.69, 129.034],
    ["하슬라아트월드", "Haslla Art World", "museum", 37.706, 129.011],
  ]),
  city("전주", "Jeonju", 35.824, 127.148, [
    ["전주한옥마을", "Jeonju Hanok Village", "street", 35.815, 127.153],
    ["경기전", "Gyeonggijeon Shrine", "history", 35.815, 127.15],
    ["전동성당", "Jeondong Cathedral", "history", 35.813, 127.149],
    ["남부시장", "Nambu Market", "market", 35.812, 127.147],
    ["오목대", "Omokdae Pavilion", "view", 35.815, 127.156],
    ["덕진공원", "Deokjin Park", "park", 35.847, 127.122],
    ["국립전주박물관", "Jeonju National Museum", "museum", 35.801, 127.089],
    ["모악산", "Moaksan Mountain", "nature", 35.729, 127.092],
  ]),
  city("여수", "Yeosu", 34.76, 127.662, [
    ["오동도", "Odongdo Island", "nature", 34.744, 127.766],
    ["향일암", "Hyangiram Hermitage", "history", 34.591, 127.804],
    ["돌산공원", "Dolsan Park", "view", 34.731, 127.744],
    ["진남관", "Jinnamgwan Hall", "history", 34.741, 127.737],
    ["이순신광장", "Yi Sun-sin Square", "street", 34.738, 127.737],
    ["아쿠아플라넷 여수", "Aqua Planet Yeosu", "museum", 34.747, 127.748],
    ["만성리해수욕장", "Manseongni Black Sand Beach", "beach", 34.777, 127.745],
    ["서시장", "Seosijang Market", "market", 34.743, 127.73],
  ]),
  city("속초", "Sokcho", 38.207, 128.592, [
    ["설악산국립공원", "Seoraksan National Park", "nature", 38.119, 128.466],
    ["속초해수욕장", "Sokcho Beach", "beach", 38.19, 128.603],
    ["속초관광수산시장", "Sokcho Tourist and Fishery Market", "market", 38.204, 128.59],
    ["영금정", "Yeonggeumjeong Pavilion", "view", 38.212, 128.602],
    ["아바이마을", "Abai Village", "street", 38.202, 128.595],
    ["영랑호", "Yeongnangho Lake", "park", 38.219, 128.581],
    ["신흥사", "Sinheungsa Temple", "history", 38.173, 128.487],
    ["속초시립박물관", "Sokcho City Museum", "museum", 38.188, 128.539],
  ]),
  city("도쿄", "Tokyo", 35.69, 139.692, [
    ["센소지", "Senso-ji Temple", "history", 35.715, 139.797],
    ["메이지 신궁", "Meiji Shrine", "history", 35.676, 139.699],
    ["시부야 스크램블 교차로", "Shibuya Scramble Crossing", "street", 35.659, 139.7],
    ["도쿄 스카이트리", "Tokyo Skytree", "view", 35.71, 139.811],
    ["도쿄 타워", "Tokyo Tower", "view", 35.659, 139.745],
    ["우에노 공원", "Ueno Park", "park", 35.716, 139.774],
    ["신주쿠 교엔", "Shinjuku Gyoen", "park", 35.685, 139.71],
    ["도쿄 국립박물관", "Tokyo National Museum", "museum", 35.719, 139.776],
    ["쓰키지 장외시장", "Tsukiji Outer Market", "market", 35.665, 139.771],
    ["아키하바라", "Akihabara", "street", 35.698, 139.773],
    ["다카오산", "Mount Takao", "nature", 35.625, 139.244],
    ["오다이바 해변공원", "Odaiba Seaside Park", "beach", 35.63, 139.776],
  ]),
  city("오사카", "Osaka", 34.694, 135.502, [
    ["오사카성", "Osaka Castle", "history", 34.687, 135.526],
    ["시텐노지", "Shitenno-ji Temple", "history", 34.653, 135.516],
    ["도톤보리", "Dotonbori", "street", 34.669, 135.501],
    ["신세카이", "Shinsekai", "street", 34.652, 135.506],
    ["구로몬 시장", "Kuromon Market", "market", 34.665, 135.507],
    ["우메다 스카이 빌딩", "Umeda Sky Building", "view", 34.705, 135.49],
    ["가이유칸", "Kaiyukan Aquarium", "museum", 34.655, 135.429],
    ["덴노지 공원", "Tennoji Park", "park", 34.651, 135.511],
    ["미노 폭포", "Minoo Falls", "nature", 34.854, 135.472],
  ]),
  city("파리", "Paris", 48.857, 2.352, [
    ["에펠탑", "Eiffel Tower", "view", 48.858, 2.294],
    ["루브르 박물관", "Louvre Museum", "museum", 48.861, 2.338],
    ["오르세 미술관", "Musée d'Orsay", "museum", 48.86, 2.327],
    ["노트르담 대성당", "Notre-Dame Cathedral", "history", 48.853, 2.35],
    ["개선문", "Arc de Triomphe", "history", 48.874, 2.295],
    ["몽마르트르", "Montmartre", "street", 48.887, 2.343],
    ["르 마레", "Le Marais", "street", 48.859, 2.362],
    ["뤽상부르 공원", "Luxembourg Gardens", "park", 48.846, 2.337],
    ["앙팡 루주 시장", "Marché des Enfants Rouges", "market", 48.863, 2.362],
    ["뱅센 숲", "Bois de Vincennes", "nature", 48.828, 2.433],
  ]),
];

/** The city that a location names, in Korean or English: `부산 해운대`, `Busan, Korea`; undefined for one that is not in the list. */
export function findCity(location: string): City | undefined {
  const words = new Set(location.toLowerCase().split(/[^\p{L}]+/u));
  return cities.find(({ ko, en }) => location.includes(ko) || words.has(en.toLowerCase()));
}

/** Kilometres between two positions, over a sphere (haversine). */
export function distanceKm(from: Position, to: Position): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const north = radians(to.latitude - from.latitude);
  const east = radians(to.longitude - from.longitude);
  const chord =
    Math.sin(north / 2) ** 2 +
    Math.cos(radians(from.latitude)) * Math.cos(radians(to.latitude)) * Math.sin(east / 2) ** 2;
  return 2 * 6371 * Math.asin(Math.sqrt(chord));
}

function city(ko: string, en: string, latitude: number, longitude: number, rows: readonly Row[]): City {
  const places = rows.map(([koName, enName, kind, north, east]) => ({
    ko: koName,
    en: enName,
    kind,
    latitude: north,
    longitude: east,
  }));
  return { ko, en, latitude, longitude, places };
}
