(()=>{"use strict";
// Adds comfort only: every verdict and every figure is in the page already, made before.
const d=document,$=(s,e=d)=>e.querySelector(s),$$=(s,e=d)=>[...e.querySelectorAll(s)],D=JSON.parse($("#d").textContent),S={};
const on=(e,t,f)=>e&&e.addEventListener(t,f),say=t=>$("#live").textContent=t,esc=s=>s.replace(/[&<>"]/g,c=>`&#${c.charCodeAt()};`);
const make=(tag,cls,text="")=>{const e=d.createElement(tag);e.className=cls;e.textContent=text;return e};

// State lives in the hash: #section;key=value;...
const K=["w","m","q","s","cell","th"];
const read=()=>{const[a,...kv]=location.hash.slice(1).split(";").map(x=>{try{return decodeURIComponent(x)}catch{return x}}),o={};
 for(const x of kv){const i=x.indexOf("=");if(i>0)o[x.slice(0,i)]=x.slice(i+1)}
 return[a,o]};
const hash=a=>"#"+[a,...K.filter(k=>S[k]).map(k=>k+"="+encodeURIComponent(S[k]).replace(/%2F/g,"/").replace(/%3A/g,":").replace(/%3D/g,"=").replace(/%2C/g,","))].join(";");
const keep=()=>history.replaceState(history.state,"",hash(read()[0]));
const apply=first=>{const[a,o]=read(),before=S.s;
 for(const k of K)S[k]=o[k]||"";
 const r=$("#t-"+(S.th||"auto"));if(r)r.checked=true;
 if(W){W.value=S.w;if(!S.w||W.selectedIndex<0)W.value=W0;workers()}
 models();$("#q").value=S.q;filter();
 if(S.s&&S.s!==before){const[t,i,dir]=S.s.split("."),h=$$(`#${CSS.escape(t)} thead th`)[i];if(h&&/^(a|de)scending$/.test(dir))sort(h,dir)}
 if(!show(S.cell||C0)&&S.cell&&C0){show(C0);const no=$("#c-none");no.hidden=false;no.textContent=`${S.cell} is not on this page; shown instead:`}
 const e=a&&d.getElementById(a);if(e&&(first||Object.keys(o).length))e.scrollIntoView()};

// Theme, workers, models.
$$(".theme input").forEach(r=>on(r,"change",()=>{S.th=r.id.slice(2).replace("auto","");keep()}));
const W=$("#w"),W0=W&&W.value,lines=new Map;
$$(".mx tr[data-w]").forEach(r=>{const k=r.cells[0].firstChild.textContent;r.usual=!r.classList.contains("alt");lines.has(k)?lines.get(k).push(r):lines.set(k,[r])});
// A workload that was not measured at the chosen number keeps its usual one.
function workers(){for(const rows of lines.values()){const there=rows.some(r=>r.dataset.w==W.value);rows.forEach(r=>r.classList.toggle("alt",there?r.dataset.w!=W.value:!r.usual))}}
on(W,"change",()=>{S.w=W.value==W0?"":W.value;workers();keep();say(W.value+" workers")});
$$(".key li").forEach(li=>{const s=li.firstElementChild,b=make("button","");b.innerHTML=s.innerHTML;b.title="show only this model";
 on(b,"click",()=>{const k=li.dataset.m;S.m=S.m.includes(k)?S.m.replace(k,""):S.m+k;models();keep()});s.replaceWith(b)});
function models(){if(S.m)d.body.dataset.solo=S.m;else delete d.body.dataset.solo;
 $$(".key li").forEach(li=>$("button",li).setAttribute("aria-pressed",!!S.m&&S.m.includes(li.dataset.m)))}

// Filter: all words must be there, in the row or in the title above it; none that begins with "!".
const rows=$$(".mx tbody tr:not(.pat),.forest tbody tr:not(.hd),.lost tbody tr,.why tbody tr,.nums tbody tr,.all tbody tr,.choose tbody tr");
rows.forEach(r=>{const t=r.closest("article,section"),h=t&&t.matches(".wl")&&$("h3",t);r.t=((h?h.textContent+" ":"")+r.textContent).toLowerCase()});
function filter(){const q=S.q.toLowerCase().split(/\s+/).filter(Boolean);let n=0;
 rows.forEach(r=>{const ok=q.every(x=>x[0]=="!"&&x[1]?!r.t.includes(x.slice(1)):r.t.includes(x));r.classList.toggle("hide",!ok);n+=ok});
 $$(".mx .pat").forEach(p=>{let r=p.nextElementSibling;while(r&&r.matches(".hide,.alt"))r=r.nextElementSibling;p.classList.toggle("hide",!r||r.matches(".pat"))});
 $$(".wl").forEach(a=>a.classList.toggle("hide",!!q.length&&!$(".forest tbody tr:not(.hd,.hide)",a)));
 if(q.length)say(n+" rows match")}
let wait;on($("#q"),"input",()=>{clearTimeout(wait);wait=setTimeout(()=>{S.q=$("#q").value;filter();keep()},120)});

// Sort: figures with their units, else text; the first body only.
const U={ns:1,"µs":1e3,ms:1e6,s:1e9,KiB:1024,MiB:1048576,GiB:1073741824};
const val=(r,i)=>{const c=r.cells[i];if(!c)return"";if(c.classList.contains("vd"))return c.dataset.v=r.i;
 const t=c.textContent.trim(),m=t.replace(/,/g,"").match(/^[−-]?[\d.]+(?: (\S+))?/);return m?c.dataset.v=parseFloat(m[0].replace("−","-"))*(U[m[1]]||1):t};
function sort(th,dir){const t=th.closest("table"),i=th.cellIndex,b=t.tBodies[0],k=dir=="ascending"?1:-1;
 $$("th[aria-sort]",t).forEach(h=>h.removeAttribute("aria-sort"));th.setAttribute("aria-sort",dir);
 [...b.rows].sort((x,y)=>{const p=val(x,i),q=val(y,i),n=typeof p=="number",o=typeof q=="number";return n&&o?k*(p-q):n?-1:o?1:k*String(p).localeCompare(q)}).forEach(r=>b.append(r));
 t.classList.toggle("sorted",!(th.classList.contains("vd")&&k>0))}
$$("th[data-s],.nums thead th").forEach(th=>{const b=make("button",""),rows=[...th.closest("table").tBodies[0].rows];b.append(...th.childNodes);th.append(b);
 rows.forEach((r,i)=>r.i=i);if(th.dataset.s!=null)rows.forEach(r=>val(r,th.cellIndex));
 on(b,"click",()=>{const dir=th.getAttribute("aria-sort")=="ascending"?"descending":"ascending";sort(th,dir);S.s=[th.closest("table").id,th.cellIndex,dir].join(".");keep()})});

// Copy a table as Markdown, as it is shown.
const md=t=>{const text=r=>[...r.cells].filter(c=>!c.matches(".set,.plot,.zm,.bar")).map(cell),cell=c=>(c.innerText||"").trim().replace(/\s*\n+\s*/g,"; ").replace(/\s+/g," ").replace(/\|/g,"\\|"),
 line=r=>"| "+text(r).join(" | ")+" |",h=t.tHead.rows[0];
 return[line(h),"|"+" --- |".repeat(text(h).length),...[...t.tBodies].flatMap(b=>[...b.rows]).filter(r=>r.cells.length>1&&r.offsetParent).map(line)].join("\n")};
$$("main table").filter(t=>t.tHead).forEach((t,i)=>{const b=make("button","btn md","copy as Markdown"),p=t.closest(".scroll");
 b.dataset.md=t.id=t.id||"y"+i;(p||t).after(b);
 on(b,"click",async()=>{const text=md(t);let ok=true;
  try{await navigator.clipboard.writeText(text)}catch{const a=make("textarea","sr");a.value=text;d.body.append(a);a.select();ok=d.execCommand("copy");a.remove();b.focus()}
  b.textContent=ok?"copied":"copy failed";setTimeout(()=>b.textContent="copy as Markdown",1500)})});

// One cell: draws from the stored samples what the page shows of the default one.
const C0=$("#c-id")?$("#c-id").textContent:"",
 // Control characters of an ID are in the figures, and in no markup.
 clean=id=>id.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g,"\ufffd"),ids=new Map(Object.keys(D.c).map(id=>[clean(id),id])),link=id=>$(`.forest a[data-cell="${CSS.escape(clean(id))}"]`);
const f=x=>Math.round(x*10)/10,nums=s=>s?s.split(",").map(x=>x===""?null:+x):[],vals=a=>a.filter(x=>x!==null);
const ticks=(a,b)=>{let s=0;for(let p=1;!s&&p<1e7;p*=10)for(const x of[20,50,100])if(!s&&(b-a)/(x*p)<=6)s=x*p;const r=[];for(let t=Math.ceil(a/s)*s;t<=b;t+=s)r.push(t);return r};
const lab=t=>t?(t>0?"+":"−")+Math.abs(t)/10+" %":"0",gl=(y,t)=>`<line class=gl x2=100% y1=${y} y2=${y} /><text class=e dx=-6 y=${y+4}>${t}</text>`;
function curve(v,x,m,c){v=[...v].sort((a,b)=>a-b);if(!v.length)return"";
 return`<g class=${m}><svg viewBox="0 0 1000 206" preserveAspectRatio=none><path class="ln${c}" d="M${Math.round(x(v[0])*10)} 206${v.map((y,i)=>`H${Math.round(x(y)*10)}V${f((1-(i+1)/v.length)*206)}`).join("")}"/></svg></g>`}
function draw(dv,other,fo,loud,m,om){const n=Math.max(dv.length,fo.length,2),X=i=>f(1.2+97.6*i/(n-1))+"%",v=vals(dv),ho=i=>loud.includes(i+1);
 const lo=Math.min(-60,...v)*1.12,hi=Math.max(60,...v)*1.12,Y=x=>f(150-150*(x-lo)/(hi-lo)),F=x=>f(40-40*Math.min(x,50)/50),g=$$("#c-fig svg.plot");
 g[0].innerHTML=ticks(lo,hi).map(t=>gl(Y(t),lab(t))).join("")+`<line class=one x2=100% y1=${Y(0)} y2=${Y(0)} />`+dv.map((x,i)=>x===null?"":`<circle class="mk${ho(i)?" ho":""}" cx=${X(i)} cy=${Y(x)} />`).join("");
 g[1].innerHTML=`<line class=ax x2=100% y1=40 y2=40 /><line class=ideal x2=100% y1=28 y2=28 /><text class=e dx=-6 y=32>15 %</text>`+fo.map((x,i)=>x===null?"":`<line class="fo${ho(i)?" fd":""}" x1=${X(i)} x2=${X(i)} y1=40 y2=${F(x)} />`).join("")
  +[...new Set([0,1,2,3,4].map(k=>Math.max(1,Math.floor(n*k/4))))].map(r=>`<text class=mid x=${X(r-1)} y=56>${r}</text>`).join("")+"<text class=e x=100% y=72>round</text>";
 const u=vals(other),a=Math.min(-50,...v,...u)*1.05,b=Math.max(80,...v,...u)*1.05,x=t=>(t-a)/(b-a)*100;
 g[2].innerHTML=[0,.5,1].map(q=>gl((1-q)*206,q)).join("")+ticks(a,b).map(t=>`<line class=gl x1=${f(x(t))}% x2=${f(x(t))}% y2=100% /><text class=mid x=${f(x(t))}% y=223>${t?lab(t):"median"}</text>`).join("")+curve(u,x,om," dt")+curve(v,x,m,"");
 g[0].parentNode.className="pl run "+m}
// In a checkout the source is a file nearby.
function source(){const e=$("#c-src"),t=e.textContent,at=location.pathname.lastIndexOf("/reports/"),file=t.split(" ")[0];
 if(at<0||!file.includes("/"))return;const a=make("a","",file);a.href=location.pathname.slice(0,at+1)+file;e.replaceChildren(a,t.slice(file.length))}
function show(id){if(C0)$("#c-none").hidden=true;const c=Object.hasOwn(D.c,id)&&D.c[id],a=c&&link(id);if(!a||$("#c-id").textContent===id)return!!a;
 const t=a.closest("table"),g=+t.id.slice(3),[first,second,fo,loud,rounds]=D.g[g],who=a.textContent,beside=who===first?second:first,cls=r=>[...r.classList].find(x=>x.startsWith("m-"));
 const oa=$$("th a[data-cell]",t).find(x=>x.textContent===beside),o=oa&&D.c[ids.get(oa.dataset.cell)],m=cls(a.closest("tr")),om=oa?cls(oa.closest("tr")):"m-x",dv=nums(c[1]),n=vals(dv).length;
 $("#c-id").textContent=id;$("#c-say").textContent=`${c[0]}. ${D.t[c[2]]} ${D.t[c[3]]}`;$("#c-med").textContent=c[0];
 ["units","needs","impl","src"].forEach((k,i)=>$("#c-"+k).textContent=D.t[c[4+i]]);source();
 $("#c-why").textContent=c[8]?`Against ${beside} it differs most in ${c[8]}. Correlation, not cause.`:"nothing in which it differs by much";$("#c-repro").textContent=c[9]||"crossover repro "+id;
 $("#c-rounds").textContent=n+(n==1?" sample":" samples")+rounds;
 const k=d.getElementById("k"+g),row=s=>k&&[...k.tBodies[0].rows].find(r=>r.cells[0].textContent===s),own=row(who),its=row(beside);
 $("#c-count").hidden=!own;
 if(own)$("#c-rows").innerHTML=[...k.tHead.rows[0].cells].slice(1).map((h,i)=>`<tr><th scope=row>${esc(h.textContent)}<td class=n>${esc(own.cells[i+1].textContent)}<td class="n q">${its?esc(its.cells[i+1].textContent):""}`).filter(r=>!/>–<.*>–?$/.test(r)).join("");
 $("#c-beside").innerHTML=beside?`<span class="c ${om}"><i class=g></i>${esc(beside)}</span>`:"";
 $("#c-fig").hidden=!n;if(n)draw(dv,o?nums(o[1]):[],nums(fo),loud,m,om);
 return true}
on(d,"click",e=>{const a=e.target.closest("a[data-cell]");if(!a||e.ctrlKey||e.metaKey||e.shiftKey||e.button)return;
 const id=ids.get(a.dataset.cell);if(!id||!show(id))return;
 e.preventDefault();S.cell=id;history.pushState(1,"",hash("cell"));$("#cell").scrollIntoView();$("#c-id").focus({preventScroll:true})});
on($("#c-back"),"click",e=>{if(history.state){e.preventDefault();history.back()}});
on(window,"popstate",()=>apply());

// Tooltips; what has a title keeps it for those without a pointer.
const tip=$("#tip");
on(d,"pointermove",e=>{const t=e.target.closest&&e.target.closest("[data-t]");tip.style.display=t?"block":"none";if(!t)return;tip.textContent=t.dataset.t;
 tip.style.left=Math.max(8,Math.min(e.clientX+12,innerWidth-tip.offsetWidth-8))+"px";tip.style.top=(e.clientY+tip.offsetHeight+24>innerHeight?e.clientY-tip.offsetHeight-8:e.clientY+16)+"px"});
on(window,"scroll",()=>tip.style.display="none");

// Keys.
const help=$("#help"),toc=$(".toc");
on($("#help-b"),"click",()=>help.showModal());
on(toc,"click",e=>{if(e.target.closest("nav a"))toc.open=false});
on(d,"keydown",e=>{if(e.ctrlKey||e.metaKey||e.altKey||help.open)return;const k=e.key,typing=/INPUT|SELECT|TEXTAREA/.test(e.target.tagName)&&e.target.type!="radio";
 if(k=="Escape"){if(typing){if(e.target.id=="q"){$("#q").value=S.q="";filter();keep()}e.target.blur()}
  else if(toc.open)toc.open=false;else if(read()[0]=="cell"){if(history.state)history.back();else location.hash=hash("matrix")}return}
 if(typing)return;
 if(k=="/"){e.preventDefault();$("#q").focus()}
 else if(k=="?")help.showModal();
 else if(k=="j"||k=="k"){const ls=$$(".mx tbody th a,.forest tbody th a[data-cell]").filter(a=>a.offsetParent),step=k=="j"?1:-1;let i=ls.indexOf(d.activeElement);
  if(i<0){i=ls.findIndex(a=>a.getBoundingClientRect().top>60);if(step>0)i--}
  const n=ls[i+step];if(n){$$("tr.cur").forEach(r=>r.classList.remove("cur"));n.closest("tr").classList.add("cur");n.focus({preventScroll:true});n.scrollIntoView({block:"nearest"})}}});
if(C0)source();apply(1)})();
