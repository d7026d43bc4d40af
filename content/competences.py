"""The fixed lists a lesson refers to: 6 domains of 24 competences, 8 skill groups of guidance."""

# Thông tư 02/2025/TT-BGDĐT, annex: 6 domains, 24 component competences (read 2026-11).
COMPETENCES: dict[str, str] = {
    "1.1": "Duyệt, tìm kiếm và lọc dữ liệu, thông tin và nội dung số",
    "1.2": "Đánh giá dữ liệu, thông tin và nội dung số",
    "1.3": "Quản lý dữ liệu, thông tin và nội dung số",
    "2.1": "Tương tác thông qua công nghệ số",
    "2.2": "Chia sẻ thông tin và nội dung thông qua công nghệ số",
    "2.3": "Sử dụng công nghệ số để thực hiện trách nhiệm công dân",
    "2.4": "Hợp tác thông qua công nghệ số",
    "2.5": "Thực hiện quy tắc ứng xử trên mạng",
    "2.6": "Quản lý danh tính số",
    "3.1": "Phát triển nội dung số",
    "3.2": "Tích hợp và tạo lập lại nội dung số",
    "3.3": "Thực thi bản quyền và giấy phép",
    "3.4": "Lập trình",
    "4.1": "Bảo vệ thiết bị",
    "4.2": "Bảo vệ dữ liệu cá nhân và quyền riêng tư",
    "4.3": "Bảo vệ sức khỏe và an sinh số",
    "4.4": "Bảo vệ môi trường",
    "5.1": "Giải quyết các vấn đề kỹ thuật",
    "5.2": "Xác định nhu cầu và giải pháp công nghệ",
    "5.3": "Sử dụng sáng tạo công nghệ số",
    "5.4": "Xác định các vấn đề cần cải thiện về năng lực số",
    "6.1": "Hiểu biết về trí tuệ nhân tạo",
    "6.2": "Sử dụng trí tuệ nhân tạo",
    "6.3": "Đánh giá trí tuệ nhân tạo",
}

# The domain is the number before the dot of a competence's code.
DOMAINS: dict[str, str] = {
    "1": "Khai thác dữ liệu và thông tin",
    "2": "Giao tiếp và hợp tác trong môi trường số",
    "3": "Sáng tạo nội dung số",
    "4": "An toàn",
    "5": "Giải quyết vấn đề",
    "6": "Ứng dụng trí tuệ nhân tạo",
}

# In the order in which the guidance log offers them; ids are stored, labels are shown.
SKILLS: dict[str, str] = {
    "dien-thoai": "Dùng điện thoại cơ bản",
    "dich-vu-cong": "Dịch vụ công",
    "thanh-toan": "Thanh toán",
    "an-toan": "An toàn",
    "suc-khoe": "Sức khỏe",
    "mua-sam": "Mua sắm",
    "hoc-tap-ai": "Học tập và AI",
    "khac": "Khác",
}
