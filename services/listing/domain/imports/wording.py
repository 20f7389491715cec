"""What the sheets of Chinese technology-transfer offices say, and what it means here.

Wording seen in sheets of 2008-2025. Each map is complete for those; what is not in it gets a default and a warning.
"""

from services.listing.domain.vocabulary import DealForm, Maturity, RightKind, RightStatus

# 发明专利 stands on applications and granted patents alike, so it says nothing of the grant. Utility models and designs
# are published only when granted (PL 40), and 授权 says granted.
KINDS: dict[str, tuple[RightKind, RightStatus | None]] = {
    "发明专利": (RightKind.INVENTION, None),
    "发明": (RightKind.INVENTION, None),
    "中国发明申请": (RightKind.INVENTION, RightStatus.PENDING),
    "中国发明授权": (RightKind.INVENTION, RightStatus.GRANTED),
    "发明授权": (RightKind.INVENTION, RightStatus.GRANTED),
    "实用新型": (RightKind.UTILITY_MODEL, RightStatus.GRANTED),
    "中国实用新型": (RightKind.UTILITY_MODEL, RightStatus.GRANTED),
    "外观设计": (RightKind.DESIGN, RightStatus.GRANTED),
    "中国外观设计": (RightKind.DESIGN, RightStatus.GRANTED),
    "invention": (RightKind.INVENTION, None),
    "utility_model": (RightKind.UTILITY_MODEL, None),
    "design": (RightKind.DESIGN, None),
}

MATURITIES: dict[str, Maturity] = {
    "概念阶段": Maturity.CONCEPT,
    "样品、实验阶段": Maturity.PROTOTYPE,
    "试生产、应用开发阶段": Maturity.PILOT,
    "小批量生产、工程应用阶段": Maturity.PILOT,
    "批量生产、成熟应用阶段": Maturity.MASS_PRODUCTION,
    **{maturity.value: maturity for maturity in Maturity},
}

# "To licence" without more means an ordinary licence (TI 25). None: the owner wants to use it itself, no deal.
DEAL_WISHES: dict[str, DealForm | None] = {
    "拟转让": DealForm.ASSIGNMENT,
    "拟许可": DealForm.ORDINARY_LICENCE,
    "拟普通许可": DealForm.ORDINARY_LICENCE,
    "拟排他许可": DealForm.SOLE_LICENCE,
    "拟独占许可": DealForm.EXCLUSIVE_LICENCE,
    "拟开放许可": DealForm.OPEN_LICENCE,
    "拟作价入股": DealForm.EQUITY,
    "拟自行应用或产业化": None,
    **{form.value: form for form in DealForm},
}
DEFAULT_FORMS = (DealForm.ORDINARY_LICENCE,)

NEGOTIABLE_BAND = "具体面议"
