using CtrPS.Client.Connection;

namespace CtrPS.Client.Tests.Connection;

public sealed class SortedMapTests
{
    [Fact]
    public void Keys_come_in_ordinal_order_whatever_the_server_sent() => Assert.Equal(
        ["A", "a", "b.c", "b/c", "z"], SortedMap.From(new[] { "z", "b/c", "a", "A", "b.c" }.Select(key => KeyValuePair.Create(key, "1"))).Keys);
}
